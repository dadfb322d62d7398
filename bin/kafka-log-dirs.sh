#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['log-dirs', ...process.argv.slice(2)])
