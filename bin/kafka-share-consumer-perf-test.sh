#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['share-consumer-perf-test', ...process.argv.slice(2)])
