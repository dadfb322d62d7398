#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['streams-groups', ...process.argv.slice(2)])
