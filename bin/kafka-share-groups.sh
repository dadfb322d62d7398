#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['share-groups', ...process.argv.slice(2)])
