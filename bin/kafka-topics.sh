#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['topics', ...process.argv.slice(2)])
