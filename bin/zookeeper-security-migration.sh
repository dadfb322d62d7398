#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['zookeeper-security-migration', ...process.argv.slice(2)])
