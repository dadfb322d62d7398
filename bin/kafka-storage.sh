#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['storage', ...process.argv.slice(2)])
