#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['server-stop', ...process.argv.slice(2)])
