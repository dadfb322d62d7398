#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['connect-mirror-maker', ...process.argv.slice(2)])
