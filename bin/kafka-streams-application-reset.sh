#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['streams-application-reset', ...process.argv.slice(2)])
