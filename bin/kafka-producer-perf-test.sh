#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['producer-perf-test', ...process.argv.slice(2)])
