#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['metadata-shell', ...process.argv.slice(2)])
