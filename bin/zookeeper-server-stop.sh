#!/usr/bin/env node
'use strict'
require('./launch.cjs').launch(['zookeeper-server-stop', ...process.argv.slice(2)])
