#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['consumer-perf-test', ...process.argv.slice(2)])
