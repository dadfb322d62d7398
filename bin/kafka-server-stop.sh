#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['server-stop', ...process.argv.slice(2)])
