#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['e2e-latency', ...process.argv.slice(2)])
