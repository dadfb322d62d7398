#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['console-share-consumer', ...process.argv.slice(2)])
