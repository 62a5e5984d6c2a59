SELECT arrayMap(name -> sipHash64(name), {names:Array(String)}) AS people
