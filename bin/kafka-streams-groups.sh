#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['streams-groups', ...process.argv.slice(2)])
