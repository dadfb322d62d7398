#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['producer-perf-test', ...process.argv.slice(2)])
