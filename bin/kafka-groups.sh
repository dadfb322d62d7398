#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['groups', ...process.argv.slice(2)])
