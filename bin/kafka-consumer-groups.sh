#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['consumer-groups', ...process.argv.slice(2)])
