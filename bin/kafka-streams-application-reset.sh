#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['streams-application-reset', ...process.argv.slice(2)])
