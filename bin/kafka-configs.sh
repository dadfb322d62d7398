#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['configs', ...process.argv.slice(2)])
