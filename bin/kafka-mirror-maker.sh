#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['mirror-maker', ...process.argv.slice(2)])
