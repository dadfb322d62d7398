#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['metadata-quorum', ...process.argv.slice(2)])
