#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['dump-log', ...process.argv.slice(2)])
