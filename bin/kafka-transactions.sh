#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['transactions', ...process.argv.slice(2)])
