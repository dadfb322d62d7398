#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['console-producer', ...process.argv.slice(2)])
