#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['consumer-perf-test', ...process.argv.slice(2)])
