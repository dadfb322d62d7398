#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['jmx', ...process.argv.slice(2)])
