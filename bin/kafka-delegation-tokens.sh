#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['delegation-tokens', ...process.argv.slice(2)])
