#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['server-start', ...process.argv.slice(2)])
