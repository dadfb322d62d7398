#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['connect-distributed', ...process.argv.slice(2)])
