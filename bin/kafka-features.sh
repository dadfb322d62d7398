#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['features', ...process.argv.slice(2)])
