#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['share-consumer-perf-test', ...process.argv.slice(2)])
