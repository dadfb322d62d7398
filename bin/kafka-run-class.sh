#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['run-class', ...process.argv.slice(2)])
