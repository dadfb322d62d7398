#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['configs', ...process.argv.slice(2)])
