#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['acls', ...process.argv.slice(2)])
