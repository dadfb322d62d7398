#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['trogdor', ...process.argv.slice(2)])
