#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['connect-plugin-path', ...process.argv.slice(2)])
