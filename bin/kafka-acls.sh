#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['acls', ...process.argv.slice(2)])
