#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['console-consumer', ...process.argv.slice(2)])
