#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['share-groups', ...process.argv.slice(2)])
