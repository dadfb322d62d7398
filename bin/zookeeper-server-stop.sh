#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['zookeeper-server-stop', ...process.argv.slice(2)])
