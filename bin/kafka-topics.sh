#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['topics', ...process.argv.slice(2)])
