#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['leader-election', ...process.argv.slice(2)])
