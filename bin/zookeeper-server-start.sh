#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['zookeeper-server-start', ...process.argv.slice(2)])
