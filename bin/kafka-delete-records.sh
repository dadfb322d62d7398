#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['delete-records', ...process.argv.slice(2)])
