#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['verifiable-share-consumer', ...process.argv.slice(2)])
