#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['cluster', ...process.argv.slice(2)])
