#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['get-offsets', ...process.argv.slice(2)])
