#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['client-metrics', ...process.argv.slice(2)])
