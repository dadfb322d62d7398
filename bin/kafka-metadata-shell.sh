#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['metadata-shell', ...process.argv.slice(2)])
