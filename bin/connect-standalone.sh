#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['connect-standalone', ...process.argv.slice(2)])
